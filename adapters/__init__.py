"""Everything that knows a wire format, a socket, a file or a library."""
