"""What the use cases need from outside: Protocols of one or two methods each."""
