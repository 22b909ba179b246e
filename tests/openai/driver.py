"""The official client of the OpenAI API against a netclaw daemon, in the way that OPENAI_BASE_URL and OPENAI_API_KEY say.

Each case prints its name when it has passed; the first that fails ends the program.
"""

import asyncio
import sys

import httpx
import openai

QUESTION = [{"role": "user", "content": "hello"}]
ANSWER = "Hello from the mock, one word after another."
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


def models(client):
    names = {model.id for model in client.models.list()}
    assert {"mock", "tools", "failing"} <= names, names


def chat(client):
    answer = client.chat.completions.create(model="mock", messages=QUESTION)
    assert answer.choices[0].message.content == ANSWER, answer
    assert answer.usage.total_tokens > 0, answer


def streamed(client):
    chunks = list(client.chat.completions.create(model="mock", messages=QUESTION, stream=True))
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(texts) == ANSWER, texts
    assert len(texts) > 1, texts


def tool_calls(client):
    chunks = client.chat.completions.create(model="tools", messages=QUESTION, tools=TOOLS, stream=True)
    calls = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or []]
    names = [call.function.name for call in calls if call.function.name]
    arguments = "".join(call.function.arguments or "" for call in calls)
    assert names == ["weather"] and arguments == '{"city":"Oslo"}', calls


def upstream_error(client):
    try:
        client.chat.completions.create(model="failing", messages=QUESTION)
    except openai.RateLimitError as error:
        assert error.status_code == 429 and error.body is not None, error
    else:
        raise AssertionError("no error")
    try:
        client.chat.completions.create(model="nowhere", messages=QUESTION)
    except openai.APIStatusError as error:
        assert 400 <= error.status_code < 500, error
    else:
        raise AssertionError("no error")


def disconnect(client):
    stream = client.chat.completions.create(model="mock", messages=QUESTION, stream=True)
    next(iter(stream))
    stream.close()
    chat(client)


def sized(client, size):
    picture = "data:image/png;base64," + "A" * size
    content = [{"type": "text", "text": "hello"}, {"type": "image_url", "image_url": {"url": picture, "detail": "low"}}]
    answer = client.chat.completions.create(model="mock", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content == ANSWER, answer


def body_of_64_kib(client):
    sized(client, 64 * 1024)


def body_of_50_mb(client):
    sized(client, 50 * 1000 * 1000)


def concurrent_streams(_):
    async def one(client):
        texts = []
        async for chunk in await client.chat.completions.create(model="mock", messages=QUESTION, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                texts.append(chunk.choices[0].delta.content)
        assert "".join(texts) == ANSWER, texts

    async def all_of_them():
        limits = httpx.Limits(max_connections=100)
        http = openai.DefaultAsyncHttpxClient(limits=limits, trust_env=False)
        async with openai.AsyncOpenAI(max_retries=0, timeout=300, http_client=http) as client:
            await asyncio.gather(*(one(client) for _ in range(100)))

    asyncio.run(all_of_them())


def wrong_key(client):
    try:
        client.with_options(api_key="nct_wrong").models.list()
    except openai.AuthenticationError as error:
        assert error.body is not None and error.body.get("message"), error
    else:
        raise AssertionError("let in")


CASES = [models, chat, streamed, tool_calls, upstream_error, disconnect, body_of_64_kib, body_of_50_mb, concurrent_streams, wrong_key]


def main():
    left_out = set(sys.argv[1:])
    http = openai.DefaultHttpxClient(trust_env=False)
    client = openai.OpenAI(max_retries=0, timeout=300, http_client=http)
    for case in CASES:
        if case.__name__ not in left_out:
            case(client)
            print(case.__name__, flush=True)


if __name__ == "__main__":
    main()
