// Asks by persisted queries with a real client, and prints as JSON all requests that it made and what came of each
// question:
//
//   node persisted.js apollo|urql ADDRESS QUESTIONS
//
// QUESTIONS is a JSON list of {query, variables, id, get}. With an `id` (hexadecimal digits) the client sends that, as
// an application does that was built with a list of ids; without, it hashes the text itself. With `documentId` urql sends
// that and knows no text at all, which it does with NODE_ENV=production only. `get` makes it prefer GET.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { parse } from "graphql";

const [name, url, questions] = process.argv.slice(2);
const possibleTypes = JSON.parse(readFileSync(new URL("../../schema/possibleTypes.json", import.meta.url), "utf8"));
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const requests = [];

const watched = async (address, options) => {
  const response = await fetch(address, options);
  const body = options.body ? JSON.parse(options.body) : null;
  requests.push({
    method: options.method ?? "GET",
    text: body ? "query" in body : new URL(address, url).searchParams.has("query"),
    status: response.status,
    cacheControl: response.headers.get("cache-control"),
  });
  return response;
};

const clients = {
  apollo: async ({ query, variables, id, get }) => {
    const persisted = createPersistedQueryLink({
      useGETForHashedQueries: Boolean(get),
      ...(id ? { generateHash: () => id } : { sha256 }),
    });
    const client = new ApolloClient({
      cache: new InMemoryCache({ possibleTypes }),
      link: ApolloLink.from([persisted, new HttpLink({ uri: url, fetch: watched })]),
    });
    const { data, error } = await client.query({ query: parse(query), variables, errorPolicy: "all" });
    return { data: data ?? null, codes: (error?.errors ?? []).map((one) => one.extensions.code) };
  },
  urql: async ({ query, variables, id, documentId, get }) => {
    const persisted = persistedExchange({
      preferGetForPersistedQueries: get ? "force" : false,
      ...(id ? { generateHash: async () => id } : {}),
    });
    const exchanges = documentId ? [fetchExchange] : [persisted, fetchExchange];
    const client = new Client({ url, exchanges, fetch: watched, preferGetMethod: documentId && get ? "force" : false });
    const document = documentId ? { kind: "Document", definitions: [], documentId } : query;
    const { data, error } = await client.query(document, variables).toPromise();
    return { data: data ?? null, codes: (error?.graphQLErrors ?? []).map((one) => one.extensions.code) };
  },
};

const answers = [];
for (const question of JSON.parse(questions)) {
  requests.length = 0;
  answers.push({ ...(await clients[name](question)), requests: [...requests] });
}
console.log(JSON.stringify(answers));
