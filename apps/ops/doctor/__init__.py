"""What the doctor looks at, part by part; the order is that of the dependencies."""
