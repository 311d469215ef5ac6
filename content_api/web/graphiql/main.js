// The page behind /graphql in a browser: GraphiQL, asking the very address it was loaded from.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import defaultQuery from "./default.graphql";
import "graphiql/style.css";
import "./page.css";

// Relative, so that the page works behind a path prefix and, one day, over a preview's own endpoint.
const url = new URL("graphql", window.location.href).href;

const fetcher = createGraphiQLFetcher({
  url,
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
