// The page behind /graphql in a browser: GraphiQL, asking the very address it was loaded from.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import defaultQuery from "./default.graphql";
import "graphiql/style.css";
import "./page.css";

// Relative, so that the page works behind a path prefix and over a preview's own endpoint.
const url = new URL("graphql", window.location.href).href;

// A preview wants a token. This page alone holds it, for as long as it is open: an address is kept in histories and
// logs, and the browser's storage outlives the visit. One that stands among the headers below the query goes before it.
let token = null;

async function fetchWithToken(address, options) {
  const sent = token;
  const answer = await fetch(address, withToken(options));
  if (answer.status !== 401) return answer;
  if (token === sent) token = window.prompt("Previews are for those with a token. Yours:")?.trim() || null;
  return token ? fetch(address, withToken(options)) : answer;
}

function withToken(options) {
  const headers = new Headers(options.headers);
  if (token && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  return { ...options, headers };
}

const fetcher = createGraphiQLFetcher({
  url,
  fetch: fetchWithToken,
  headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
  // The API has no @defer and no @stream: plain JSON answers are easier to read in the browser's network tab.
  enableIncrementalDelivery: false,
});

const logo = createElement(GraphiQL.Logo, null, createElement("span", { className: "page-logo" }, "content-api"));

createRoot(document.getElementById("graphiql")).render(
  createElement(
    GraphiQL,
    { fetcher, defaultQuery, inputValueDeprecation: true, schemaDescription: true, defaultEditorToolsVisibility: false },
    logo,
  ),
);
