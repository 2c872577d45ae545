"""The local stack: real services without containers, one module each."""
