"""Commands, one to a file: grammar, help, scope, result, text layout. Pure: what they see and do is given to them."""
