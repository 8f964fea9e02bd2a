"""Where and how each upstream is reached: a row of `compatible/table`, or a folder where code is needed."""
