"""One file per kind of thing: parse, call the SDK, print."""
