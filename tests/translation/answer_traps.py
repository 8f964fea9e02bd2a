"""What goes wrong when answers are translated, each with the tests that show that it does not go wrong here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.translation.trap import Trap

ANSWERS: Final = "tests/translation/test_answers_across.py::"
BACK: Final = "tests/translation/test_carried_back.py::"
CHAT: Final = "tests/dialects/openai_chat/"
ERRORS: Final = "tests/translation/test_errors_across.py::"
GEMINI: Final = "tests/dialects/gemini/"
GRAMMARS: Final = "tests/translation/test_stream_grammars.py::"
HTTP: Final = "tests/http/"
MESSAGES: Final = "tests/dialects/anthropic_messages/"
ODD: Final = "tests/translation/test_odd_upstreams.py::"
REFUSALS: Final = "tests/translation/test_refusals_across.py::"
RESPONSES: Final = "tests/dialects/openai_responses/"
STREAMS: Final = "tests/translation/test_streams_across.py::"
THOUGHTS: Final = "tests/translation/test_many_thoughts.py::"
USAGE: Final = "tests/translation/test_usage_across.py::"

ANSWER_TRAPS: Final[Mapping[int, Trap]] = MappingProxyType(
    {
        38: Trap(
            statement=(
                "Messages counts what it read from and wrote to its cache beside the prompt, OpenAI and "
                "Gemini count it in: the sum is the prompt, and the way back gives the same counts again."
            ),
            tests=(
                f"{USAGE}test_caches_count_into_the_prompt_and_out_again",
                f"{USAGE}test_counts_are_the_same_after_a_round_trip",
                f"{MESSAGES}test_anthropic_response.py::test_usage_counts_the_cache_into_the_prompt",
            ),
        ),
        39: Trap(
            statement=(
                "Gemini counts thoughts beside its candidates and tools' prompts beside its prompt: both are "
                "counted in, and prompt and completion are the total."
            ),
            tests=(
                f"{USAGE}test_geminis_parts_add_up_to_its_total",
                f"{GEMINI}test_gemini_answers.py::test_usage_adds_up",
                f"{GEMINI}test_gemini_answers.py::test_where_the_sum_contradicts_the_total_the_total_is_right",
            ),
        ),
        40: Trap(
            statement=(
                "A Gemini candidate that only ends is an empty answer with its ending; a blocked prompt "
                "without candidates is a filtered answer."
            ),
            tests=(
                f"{REFUSALS}test_who_says_nothing_ends_all_the_same",
                f"{REFUSALS}test_who_declines_is_heard_with_the_reason",
                f"{GEMINI}test_gemini_answers.py::test_a_blocked_prompt_is_an_empty_filtered_answer",
            ),
        ),
        41: Trap(
            statement=(
                "An answer that calls a tool ends with the calls, streamed and buffered, whatever word its "
                "upstream uses."
            ),
            tests=(f"{ANSWERS}test_an_answer_that_calls_ends_so",),
        ),
        42: Trap(
            statement=(
                "Several candidates in one answer share nothing: no text, thought or call of one appears in "
                "another."
            ),
            tests=(
                f"{ANSWERS}test_candidates_stay_apart",
                f"{GEMINI}test_gemini_answers.py::test_candidates_do_not_leak_into_each_other",
            ),
        ),
        43: Trap(
            statement=(
                "A refusal without any content is a valid answer for every client, and keeps its explanation."
            ),
            tests=(f"{REFUSALS}test_who_declines_is_heard_with_the_reason",),
        ),
        44: Trap(
            statement=(
                "The place that a source supports is counted in bytes or in characters, as the format does: "
                "cut out, it is the cited text, in any script."
            ),
            tests=(
                f"{ANSWERS}test_a_cited_place_is_the_cited_text",
                f"{GEMINI}test_gemini_answers.py::test_grounding_is_told_in_code_points",
                f"{GEMINI}test_gemini_client_answers.py::test_segments_are_the_bytes_of_what_is_cited",
            ),
        ),
        45: Trap(
            statement=(
                "Arguments keep their exact text where the format holds text, and their value where it holds "
                "an object: big integers, 1.0, line separators, half characters."
            ),
            tests=(
                f"{ANSWERS}test_arguments_keep_their_spelling_where_they_are_text",
                f"{ANSWERS}test_what_is_sent_is_read_back",
                f"{STREAMS}test_arguments_keep_their_spelling_where_they_are_text",
                f"{STREAMS}test_half_characters_are_told",
                f"{BACK}test_what_was_said_goes_back_as_it_was",
            ),
        ),
        46: Trap(
            statement="However the network cuts an upstream's stream, the client gets the same bytes.",
            tests=(f"{STREAMS}test_any_split_gives_the_same_bytes",),
        ),
        47: Trap(
            statement=(
                "Parallel calls in any mixture of fragments are counted from 0 without gaps, each with whole "
                "arguments."
            ),
            tests=(
                f"{STREAMS}test_interleaved_calls_are_put_in_order",
                f"{CHAT}test_chat_decoding.py::test_ways_of_calling_two_tools",
            ),
        ),
        48: Trap(
            statement=(
                "In a Chat Completions stream id, type and name of a call come once, since its client joins "
                "what repeats."
            ),
            tests=(
                f"{GRAMMARS}test_whatever_is_told",
                f"{STREAMS}test_official_clients_read_what_was_said",
            ),
        ),
        49: Trap(
            statement=(
                "In a Messages stream one block is open at a time, counted without gaps, with the deltas of "
                "its kind, and nothing is empty."
            ),
            tests=(
                f"{GRAMMARS}test_whatever_is_told",
                f"{GRAMMARS}test_whoever_answers",
                f"{MESSAGES}test_anthropic_client_answers.py::test_a_stream_is_put_together_to_the_buffered_answer",
            ),
        ),
        50: Trap(
            statement=(
                "Arguments that come in one piece with their call's name, or only when the call is done, are "
                "not lost."
            ),
            tests=(
                f"{STREAMS}test_arguments_that_come_with_the_name_are_told",
                f"{STREAMS}test_what_is_told_only_when_it_is_done_is_told",
            ),
        ),
        51: Trap(
            statement=(
                "In a Responses stream events are numbered without gaps, each names an item that was "
                "announced, and the last one holds exactly these items."
            ),
            tests=(
                f"{GRAMMARS}test_whatever_is_told",
                f"{RESPONSES}test_responses_stream_encoder.py::test_every_event_names_an_item_that_was_announced",
                f"{RESPONSES}test_responses_stream_encoder.py::test_a_stream_ends_with_the_buffered_answer",
            ),
        ),
        52: Trap(
            statement=(
                "An error in the middle of a stream is the last that its client hears, in the client's own "
                "form, and nothing claims success."
            ),
            tests=(
                f"{STREAMS}test_an_error_in_a_stream_is_its_last_word",
                f"{GRAMMARS}test_wherever_it_breaks",
                f"{HTTP}test_four_dialects.py::test_a_failure_within_a_stream_is_its_last_word",
            ),
        ),
        53: Trap(
            statement=(
                "A Chat Completions stream counts tokens in one chunk of its own at the end, for those who "
                "asked, wherever the upstream told them."
            ),
            tests=(
                f"{STREAMS}test_counts_are_told_once_and_only_to_who_asks",
                f"{STREAMS}test_counts_may_stand_anywhere",
            ),
        ),
        54: Trap(
            statement="A Messages stream ends with the real counts, even where the upstream tells them last.",
            tests=(f"{STREAMS}test_messages_clients_hear_the_counts_at_the_end",),
        ),
        55: Trap(
            statement=(
                "What was thought first is told first; its signature is told once, at its end, and comes back "
                "to its vendor."
            ),
            tests=(
                f"{BACK}test_thoughts_come_first_and_are_signed_once_at_their_end",
                f"{BACK}test_a_signature_returns_to_its_vendor_once",
                f"{THOUGHTS}test_anthropics_thoughts_return_as_they_were",
                f"{THOUGHTS}test_geminis_signatures_stay_on_their_parts",
                f"{THOUGHTS}test_openais_thoughts_stand_before_what_follows_them",
            ),
        ),
        56: Trap(
            statement=(
                "A Gemini stream is lines of `data: {` and nothing else, for its clients know nothing else."
            ),
            tests=(
                f"{GRAMMARS}test_whatever_is_told",
                f"{STREAMS}test_official_clients_read_what_was_said",
                f"{GEMINI}test_gemini_client_streams.py::test_every_event_is_one_line_of_data",
            ),
        ),
        57: Trap(
            statement="A stream that stops before its ending is an error to the client, never a whole answer.",
            tests=(f"{STREAMS}test_a_cut_stream_is_an_error",),
        ),
        58: Trap(
            statement=(
                "Keep-alives, comments, events nobody knows, and beginnings that come twice change nothing."
            ),
            tests=(f"{STREAMS}test_what_says_nothing_changes_nothing",),
        ),
        59: Trap(
            statement=(
                "An answer means the same streamed and buffered, from every upstream and for every client."
            ),
            tests=(
                f"{STREAMS}test_streamed_equals_buffered",
                f"{ODD}test_messages",
                f"{ODD}test_generate_content",
                f"{ODD}test_responses",
                f"{CHAT}test_chat_answers.py::test_streamed_equals_buffered_for_the_official_client",
                f"{GEMINI}test_gemini_answers.py::test_streamed_equals_buffered",
                f"{MESSAGES}test_anthropic_stream.py::test_any_split_of_a_stream_tells_the_buffered_answer",
                f"{RESPONSES}test_responses_stream_decoder.py::test_streamed_equals_buffered_in_any_split",
            ),
        ),
        62: Trap(
            statement=(
                "Whatever an upstream answers in place of an answer, an error document, a list of one, a web "
                "page or nothing, is a valid error with the right status; 529 is for clients of Messages "
                "alone."
            ),
            tests=(
                f"{ERRORS}test_an_error_means_the_same_to_every_client",
                f"{ERRORS}test_googles_list_of_one_error_is_that_error",
                f"{ERRORS}test_what_is_no_error_document_is_an_error_all_the_same",
                f"{ERRORS}test_only_messages_clients_hear_of_529",
            ),
        ),
        63: Trap(
            statement=(
                "A wait that the upstream asks for, in whatever form, reaches the client in whole seconds, "
                "never shorter."
            ),
            tests=(
                f"{ERRORS}test_a_wait_is_never_shortened",
                f"{ERRORS}test_googles_own_hint_reaches_every_client",
            ),
        ),
    }
)
"""By number: what holds, and the tests that show it."""
