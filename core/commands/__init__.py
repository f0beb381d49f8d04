"""Commands: a file each; the registry names them."""
