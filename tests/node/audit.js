// Runs the GraphQL over HTTP audits of npm's graphql-http against the address given, and prints what came of each as JSON.
import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
const results = [];
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const { id, name, status, reason, response } = await audit.fn();
  results.push({ id, name, status, reason: reason ?? null, answered: response?.status ?? null });
}
console.log(JSON.stringify(results));
