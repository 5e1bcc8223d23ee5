// OpenAI's client for JavaScript: chat completions or Responses.

import OpenAI from "openai";
import { about, asked, key, mostRounds, name, readFile, schema, url } from "./wish.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const declared = { name, description: about, parameters: schema, strict: true };

async function chat() {
  const messages = [{ role: "user", content: asked.ask }];
  const tools = asked.hasTools ? { tools: [{ type: "function", function: declared }] } : {};
  for (let round = 0; round < mostRounds; round++) {
    const request = { model: asked.model, messages, ...tools };
    const completion = asked.isWhole
      ? await client.chat.completions.create(request)
      : await client.chat.completions.stream(request).finalChatCompletion();
    const { content, tool_calls: calls } = completion.choices[0].message;
    if (!calls?.length) return content;
    messages.push({ role: "assistant", content, tool_calls: calls });
    for (const call of calls) {
      const result = readFile(JSON.parse(call.function.arguments));
      messages.push({ role: "tool", tool_call_id: call.id, content: result });
    }
  }
  return "no end";
}

async function responses() {
  const input = [{ role: "user", content: asked.ask }];
  const tools = asked.hasTools ? { tools: [{ type: "function", ...declared }] } : {};
  for (let round = 0; round < mostRounds; round++) {
    const request = { model: asked.model, input, ...tools };
    const answer = asked.isWhole
      ? await client.responses.create(request)
      : await client.responses.stream(request).finalResponse();
    const calls = answer.output.filter((item) => item.type === "function_call");
    if (!calls.length) return answer.output_text;
    input.push(...answer.output);
    for (const call of calls) {
      const output = readFile(JSON.parse(call.arguments));
      input.push({ type: "function_call_output", call_id: call.call_id, output });
    }
  }
  return "no end";
}

console.log(asked.face === "chat" ? await chat() : await responses());
