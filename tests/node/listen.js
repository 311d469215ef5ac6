// Listens with the reference clients of both transports, and prints a line of JSON for all that happens:
// node listen.js ws|sse ADDRESS DOCUMENT
//
// "listening" comes when the server has heeded the subscription. Over a WebSocket there is no message for that: but the
// server heeds one after another, so that the answer to a query that was sent later says it.
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createStreamClient } from "graphql-sse";
import WebSocket from "ws";

const [transport, url, query] = process.argv.slice(2);
const say = (event, value) => console.log(JSON.stringify({ event, value: value ?? null }));
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ask = () =>
  client.subscribe(
    { query: "{ __typename }" },
    { next: () => say("listening"), error: () => {}, complete: () => {} },
  );
const clients = {
  ws: () =>
    createSocketClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 100,
      shouldRetry: () => true,
      retryWait: () => wait(100),
      on: { connected: () => wait(100).then(ask), closed: (event) => say("closed", event.code) },
    }),
  sse: () =>
    createStreamClient({
      url,
      retryAttempts: 100,
      retry: () => wait(100),
      on: { connected: () => say("listening") },
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
