"""A model that calls a tool, in chunks: LiteLLM's own mock answers do not."""

import litellm


class Tools(litellm.CustomLLM):
    async def astreaming(self, *args, **kwargs):
        pieces = [("call_1", "weather", ""), (None, None, '{"city":'), (None, None, '"Oslo"}')]
        for index, (call, name, arguments) in enumerate(pieces):
            function = {"name": name, "arguments": arguments}
            yield {
                "text": "",
                "index": 0,
                "is_finished": index == len(pieces) - 1,
                "finish_reason": "tool_calls" if index == len(pieces) - 1 else "",
                "tool_use": {"id": call, "type": "function", "function": function, "index": 0},
                "usage": None,
            }


tools = Tools()
