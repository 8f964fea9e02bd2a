"""What the use cases need from outside: Protocols, of one or two methods wherever that is possible."""
