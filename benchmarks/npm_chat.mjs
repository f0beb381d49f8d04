// The baseline of `replies`: npm's `chat` with its Slack adapter, and fetch in between.
// A mention is answered with the model's stream, as chat-sdk.dev/docs/streaming shows it.
import { createServer } from "node:http";
import { createSlackAdapter } from "@chat-adapter/slack";
import { createMemoryState } from "@chat-adapter/state-memory";
import { Chat } from "chat";

const { PORT, OPENAI_BASE_URL, OPENAI_API_KEY } = process.env;

async function* words(prompt) {
  const answer = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${OPENAI_API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-6.2-sol",
      stream: true,
      messages: [{ role: "user", content: prompt }],
    }),
  });
  const decoder = new TextDecoder();
  let left = "";
  for await (const piece of answer.body) {
    left += decoder.decode(piece, { stream: true });
    const lines = left.split("\n");
    left = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const text = JSON.parse(line.slice(6)).choices?.[0]?.delta?.content;
      if (text) yield text;
    }
  }
}

const bot = new Chat({
  userName: "bot",
  adapters: { slack: createSlackAdapter() },
  state: createMemoryState(),
  logger: "error",
});
bot.onNewMention(async (thread, message) => {
  await thread.post(words(message.text));
});

createServer(async (incoming, outgoing) => {
  if (incoming.method === "GET") return outgoing.end("ready");
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const request = new Request(`http://127.0.0.1:${PORT}/slack/events`, {
    method: "POST",
    headers: incoming.headers,
    body: Buffer.concat(parts),
  });
  const answer = await bot.webhooks.slack(request, {
    waitUntil: (task) => task.catch((error) => console.error(error)),
  });
  outgoing.writeHead(answer.status);
  outgoing.end(await answer.text());
}).listen(Number(PORT), "127.0.0.1");
