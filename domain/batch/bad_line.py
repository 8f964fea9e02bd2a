class BadLine(Exception):
    """A line of a batch's input that is no request of the batch.

    number:  which line it is, from 1.
    message: what was expected, what stands there, and what to do; never what the line says.
    code:    for programs, in the words of OpenAI's Batch API (`invalid_json_line`).
    """

    def __init__(self, number: int, message: str, *, code: str) -> None:
        super().__init__(f"line {number}: {message}")
        self.number = number
        self.message = message
        self.code = code
