"""The lines of batches: requests as OpenAI's and Anthropic's Batch APIs have them or bare, and their results.

Sources: https://platform.openai.com/docs/api-reference/batch/request-input and …/request-output;
https://platform.claude.com/docs/en/build-with-claude/batch-processing (2026-11).
"""
