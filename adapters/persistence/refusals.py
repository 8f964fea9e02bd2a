class BatchFilesRefused(Exception):
    """Files of a batch that cannot be worked with as they are: one sentence, with what its owner can do."""
