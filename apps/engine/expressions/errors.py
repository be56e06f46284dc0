"""The one way in which an expression goes wrong."""


class ExpressionError(ValueError):
    """The expression cannot be read, or has no value for these roots."""
