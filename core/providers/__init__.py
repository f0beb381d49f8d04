"""AI providers: a file each; the registry names them."""
