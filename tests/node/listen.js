// Listens with the reference clients of both transports, and prints a line of JSON for all that happens:
// node listen.js ws|sse ADDRESS DOCUMENT
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createStreamClient } from "graphql-sse";
import WebSocket from "ws";

const [transport, url, query] = process.argv.slice(2);
const say = (event, value) => console.log(JSON.stringify({ event, value: value ?? null }));
const clients = {
  ws: () =>
    createSocketClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 100,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
      on: { connected: () => say("connected"), closed: (event) => say("closed", event.code) },
    }),
  sse: () =>
    createStreamClient({
      url,
      retryAttempts: 100,
      retry: () => new Promise((resolve) => setTimeout(resolve, 100)),
      on: { connecting: () => say("connecting"), connected: () => say("connected") },
    }),
};

const client = clients[transport]();
client.subscribe(
  { query },
  {
    next: (result) => say("next", result),
    error: (error) => say("error", Array.isArray(error) ? error : String(error?.message ?? error)),
    complete: () => say("complete"),
  },
);
