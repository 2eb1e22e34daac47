"""The engine process: its host, its server, its clients and the wire between them."""
