// Anthropic's client for JavaScript.

import Anthropic from "@anthropic-ai/sdk";
import { about, asked, key, mostRounds, name, readFile, schema, url } from "./wish.mjs";

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });

async function said() {
  const messages = [{ role: "user", content: asked.ask }];
  const tools = asked.hasTools ? { tools: [{ name, description: about, input_schema: schema }] } : {};
  for (let round = 0; round < mostRounds; round++) {
    const request = { model: asked.model, max_tokens: 4096, messages, ...tools };
    const answer = asked.isWhole
      ? await client.messages.create(request)
      : await client.messages.stream(request).finalMessage();
    if (answer.stop_reason !== "tool_use") {
      return answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    }
    const results = answer.content
      .filter((block) => block.type === "tool_use")
      .map((call) => ({ type: "tool_result", tool_use_id: call.id, content: readFile(call.input) }));
    messages.push({ role: "assistant", content: answer.content }, { role: "user", content: results });
  }
  return "no end";
}

console.log(await said());
