"""The reference: the document, its page, and whether both are true."""
