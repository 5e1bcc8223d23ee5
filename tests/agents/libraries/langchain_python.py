"""langchain-openai: chat completions or Responses."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from wish import ABOUT, KEY, MOST_ROUNDS, NAME, SCHEMA, URL, read_file, wish

TOOL = {"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA}}
asked = wish()
model = ChatOpenAI(
    base_url=f"{URL}/v1",
    api_key=KEY,
    model=asked.model,
    max_retries=0,
    streaming=not asked.whole,
    use_responses_api=asked.face == "responses",
)
bound = model.bind_tools([TOOL]) if asked.tools else model


def said() -> str:
    messages = [HumanMessage(asked.ask)]
    for _ in range(MOST_ROUNDS):
        answer = bound.invoke(messages) if asked.whole else streamed(messages)
        if not answer.tool_calls:
            return answer.text if isinstance(answer.text, str) else answer.text()
        messages.append(answer)
        messages += [ToolMessage(read_file(**call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls]
    return "no end"


def streamed(messages):
    whole = None
    for chunk in bound.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


print(said())
