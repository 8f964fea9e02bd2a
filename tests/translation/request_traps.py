"""What goes wrong when requests are translated, each with the tests that show that it does not go wrong here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.translation.trap import Trap

ANTHROPIC: Final = "tests/translation/test_requests_to_anthropic.py::"
GEMINI: Final = "tests/translation/test_requests_to_gemini.py::"
OPENAI: Final = "tests/translation/test_requests_to_openai.py::"
SAME: Final = "tests/translation/test_same_dialect.py::"
LOSSES: Final = "tests/translation/test_losses.py::"
FIELDS: Final = "tests/translation/test_single_fields.py::"
CHAT: Final = "tests/dialects/openai_chat/"
RESPONSES: Final = "tests/dialects/openai_responses/"
MESSAGES: Final = "tests/dialects/anthropic_messages/"
GOOGLE: Final = "tests/dialects/gemini/"
JUDGED: Final = "tests/dialects/anthropic_messages/test_anthropic_request.py::"
CONTENTS: Final = "tests/dialects/gemini/test_gemini_contents.py::"
SCHEMAS: Final = "tests/dialects/gemini/test_gemini_schema.py::"
NATIVE: Final = "tests/providers/test_native_requests.py::"
VENDORS: Final = "tests/providers/test_every_http_provider.py::"
CLIENTS: Final = "tests/http/test_official_clients.py::"
PATHS: Final = "tests/http/test_routes.py::"
KEYS: Final = "tests/e2e/test_official_client.py::"
LOGS: Final = "tests/observability/test_logs.py::"
ROUTES: Final = "tests/http/test_four_dialects.py::"
ACCESS: Final = "tests/http/test_access.py::"

REQUEST_TRAPS: Final[Mapping[int, Trap]] = MappingProxyType(
    {
        1: Trap(
            statement="Ids of tool calls fit Anthropic's pattern, stay distinct, and calls and results keep their pairs.",
            tests=(f"{ANTHROPIC}test_ids_fit_and_each_call_is_answered_in_the_next_message",),
        ),
        2: Trap(
            statement="Each call is answered in the very next user message, its results before anything else.",
            tests=(f"{ANTHROPIC}test_ids_fit_and_each_call_is_answered_in_the_next_message",),
        ),
        3: Trap(
            statement="No text block is empty or white space, and no placeholder stands beside other blocks.",
            tests=(f"{ANTHROPIC}test_nobody_says_nothing_and_placeholders_stand_alone",),
        ),
        4: Trap(
            statement="Asking for one call at a time alone forces no call.",
            tests=(f"{ANTHROPIC}test_the_choice_among_tools_means_what_was_asked",),
        ),
        5: Trap(
            statement="To choose no tool is said exactly so, and never becomes a free choice.",
            tests=(f"{ANTHROPIC}test_the_choice_among_tools_means_what_was_asked",),
        ),
        6: Trap(
            statement="Of allowed tools only those are offered, and one call at a time stays asked for.",
            tests=(f"{ANTHROPIC}test_the_choice_among_tools_means_what_was_asked",),
        ),
        7: Trap(
            statement="A model that takes no sampling parameters is sent none.",
            tests=(f"{ANTHROPIC}test_models_that_draw_as_they_like_are_sent_no_sampling",),
        ),
        8: Trap(
            statement="No member reaches Anthropic that its types do not know.",
            tests=(
                f"{ANTHROPIC}test_the_vendors_types_know_every_member",
                f"{JUDGED}test_the_vendors_own_types_take_every_request",
            ),
        ),
        9: Trap(
            statement="max_tokens is there, within the model's range, and above a thinking budget of at least 1,024.",
            tests=(
                f"{ANTHROPIC}test_limits_hold_and_leave_room_for_thought",
                f"{JUDGED}test_limits_fit_together",
            ),
        ),
        10: Trap(
            statement="Anthropic's own thoughts go back as they were, first in their message; nobody else's do.",
            tests=(
                f"{ANTHROPIC}test_only_anthropics_thoughts_go_back_first_and_as_they_were",
                f"{ANTHROPIC}test_thoughts_that_a_chat_client_sends_back_are_untouched",
                f"{JUDGED}test_signed_thoughts_travel_unchanged_and_in_order",
            ),
        ),
        11: Trap(
            statement="At most four cache marks, none on a thought or an empty block; those on calls and results stay.",
            tests=(
                f"{ANTHROPIC}test_marks_of_prefixes_are_few_and_stand_where_they_may",
                f"{JUDGED}test_hints_survive_on_calls_and_results",
            ),
        ),
        12: Trap(
            statement="Pictures in results of tools are pictures.",
            tests=(
                f"{ANTHROPIC}test_pictures_in_results_are_pictures",
                f"{JUDGED}test_pictures_arrive",
            ),
        ),
        13: Trap(
            statement="Pictures have a type that the API takes and that their bytes have, in the standard alphabet.",
            tests=(
                f"{ANTHROPIC}test_pictures_arrive_under_the_type_they_have",
                f"{ANTHROPIC}test_a_type_that_lies_is_put_right_and_the_other_alphabet_too",
            ),
        ),
        14: Trap(
            statement="Instructions inside a conversation never move before what was said earlier.",
            tests=(f"{ANTHROPIC}test_instructions_never_move_before_what_was_said",),
        ),
        15: Trap(
            statement="Several answers at once are refused, not answered with one.",
            tests=(f"{ANTHROPIC}test_several_answers_are_refused_not_one_given",),
        ),
        16: Trap(
            statement="Where a shape is asked for by a tool, the caller's own tools stay tools.",
            tests=(f"{ANTHROPIC}test_a_shape_asked_for_by_a_tool_leaves_the_callers_tools",),
        ),
        17: Trap(
            statement="The results of one turn stand alone in one content, as many as the calls and in their order.",
            tests=(f"{GEMINI}test_results_of_a_turn_stand_alone_and_in_the_calls_order",),
        ),
        18: Trap(
            statement="A function's response is an object without references.",
            tests=(
                f"{GEMINI}test_responses_are_objects_without_references",
                f"{CONTENTS}test_results_are_objects",
            ),
        ),
        19: Trap(
            statement="A result bears the function's name, never the call's id.",
            tests=(
                f"{GEMINI}test_results_bear_the_functions_name_and_not_the_calls_id",
                f"{CONTENTS}test_results_bear_the_name_of_the_called_function_whatever_they_say",
            ),
        ),
        20: Trap(
            statement="Where Gemini demands it the first call of each step is signed; its siblings are not.",
            tests=(
                f"{GEMINI}test_the_first_call_of_each_step_is_signed_and_siblings_are_not",
                f"{CONTENTS}test_only_the_current_turn_is_signed_and_only_its_first_calls",
                f"{CONTENTS}test_neighbours_of_one_role_are_one_turn_of_unmerged_parts",
            ),
        ),
        21: Trap(
            statement="A call's short id comes back as it was.",
            tests=(f"{GEMINI}test_a_call_keeps_its_short_id_on_the_way_there_and_back",),
        ),
        22: Trap(
            statement="Parameters of functions are told once, as JSON Schema.",
            tests=(
                f"{GEMINI}test_parameters_are_told_once_as_json_schema",
                f"{SCHEMAS}test_any_tree_becomes_what_gemini_takes",
                f"{GEMINI}test_googles_types_know_every_member",
            ),
        ),
        23: Trap(
            statement="Schemas of Google's clients reach every upstream, however the client spells them.",
            tests=(f"{GEMINI}test_schemas_of_googles_clients_reach_every_upstream",),
        ),
        24: Trap(
            statement="A thinking level or a budget within the model's range, never both.",
            tests=(f"{GEMINI}test_a_level_or_a_budget_within_the_models_range",),
        ),
        25: Trap(
            statement="No choice among functions is sent where there are none.",
            tests=(f"{GEMINI}test_no_choice_among_functions_where_there_are_none",),
        ),
        26: Trap(
            statement="A picture at an address is refused with its place, never left out.",
            tests=(
                f"{GEMINI}test_a_picture_far_away_is_refused_with_its_place",
                f"{GEMINI}test_every_picture_arrives",
            ),
        ),
        27: Trap(
            statement="A picture in a result is sent as a picture.",
            tests=(f"{GEMINI}test_a_picture_in_a_result_is_sent_as_a_picture",),
        ),
        28: Trap(
            statement="Names of tools fit, stay distinct, and are undone in the answer.",
            tests=(
                f"{OPENAI}test_names_fit_stay_distinct_and_map_back",
                f"{CHAT}test_chat_decoding.py::test_the_callers_names_come_back",
                f"{RESPONSES}test_responses_answers.py::test_names_are_the_callers_own",
                f"{GOOGLE}test_gemini_answers.py::test_names_are_the_callers_again_and_custom_tools_get_their_text",
                f"{JUDGED}test_tool_names_map_back",
            ),
        ),
        29: Trap(
            statement="Every function sent to Responses is flat and says whether it is strict.",
            tests=(
                f"{OPENAI}test_every_function_is_flat_and_says_whether_it_is_strict",
                f"{OPENAI}test_the_types_of_responses_know_every_member",
            ),
        ),
        30: Trap(
            statement="Items sent to Responses bear no ids of other formats.",
            tests=(f"{OPENAI}test_items_bear_no_ids_of_other_formats",),
        ),
        31: Trap(
            statement="What is not stored is sent whole: reasoning with its encrypted content, and no references.",
            tests=(f"{OPENAI}test_what_is_not_stored_is_sent_whole",),
        ),
        32: Trap(
            statement="OpenAI's reasoning models get the newer limit and no sampling parameters.",
            tests=(f"{OPENAI}test_reasoning_models_get_the_newer_limit_and_no_sampling",),
        ),
        33: Trap(
            statement="Tool messages of Chat Completions are text, together, and their pictures follow.",
            tests=(
                f"{OPENAI}test_results_are_text_together_and_their_pictures_follow",
                f"{OPENAI}test_the_types_of_chat_completions_know_every_member",
            ),
        ),
        34: Trap(
            statement="Arguments are the text of the canonical object, and `{}` where there are none.",
            tests=(
                f"{OPENAI}test_arguments_in_chat_are_the_text_of_the_same_object",
                f"{OPENAI}test_arguments_in_responses_are_the_text_of_the_same_object",
            ),
        ),
        35: Trap(
            statement="Thoughts never become visible text.",
            tests=(f"{OPENAI}test_thoughts_never_become_visible_text",),
        ),
        36: Trap(
            statement="Members that came later stay where they stood between client and upstream of one dialect.",
            tests=(
                f"{SAME}test_members_that_came_later_stay_where_they_stood",
                f"{NATIVE}test_every_member_keeps_its_bytes",
            ),
        ),
        37: Trap(
            statement="Without tools there is no choice among them.",
            tests=(f"{OPENAI}test_no_choice_among_tools_where_there_are_none",),
        ),
        60: Trap(
            statement="Every vendor's client, of each generation, is let in by the key where it puts it.",
            tests=(
                f"{ROUTES}test_each_form_of_the_key_opens_the_route",
                f"{ACCESS}test_each_vendor_s_clients_put_the_key_in_their_own_places",
                f"{CLIENTS}test_anthropic_s_client_asks_for_messages",
                f"{CLIENTS}test_google_s_client_generates_content",
                f"{PATHS}test_every_path_of_the_vendors_clients_finds_its_route",
            ),
        ),
        61: Trap(
            statement="A client's key reaches no upstream, log or error.",
            tests=(
                f"{ROUTES}test_a_key_in_the_query_is_told_to_nobody",
                f"{ACCESS}test_refusals_do_not_echo_the_key",
                f"{KEYS}test_each_vendor_gets_its_own_key_and_never_the_callers",
                f"{VENDORS}test_a_redirect_is_not_followed",
                f"{VENDORS}test_a_quoted_key_of_any_shape_is_masked",
                f"{LOGS}test_key_shaped_text_is_redacted",
            ),
        ),
        64: Trap(
            statement="Unknown members pass to the same dialect, and are named on the way to another.",
            tests=(
                f"{SAME}test_members_that_came_later_stay_where_they_stood",
                f"{SAME}test_members_that_came_later_are_named_elsewhere",
                f"{LOSSES}test_what_leaves_no_trace_is_named_and_what_comes_back_is_not",
                f"{FIELDS}test_what_leaves_no_trace_is_named",
            ),
        ),
        65: Trap(
            statement="A request that is read and written again is the same request.",
            tests=(
                f"{SAME}test_what_is_written_means_what_was_read",
                f"{CHAT}test_chat_requests.py::test_everything_comes_back",
                f"{RESPONSES}test_responses_parsing.py::test_rendering_is_the_inverse_of_parsing",
                f"{MESSAGES}test_anthropic_parsing.py::test_what_was_read_is_written_as_it_came",
                f"{GOOGLE}test_gemini_client_requests.py::test_rendering_is_the_inverse_of_parsing",
            ),
        ),
    }
)
