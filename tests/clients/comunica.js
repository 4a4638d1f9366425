// Puts each query of the JSON object on stdin to its sources through Comunica, and writes as JSON what came of it:
// rows, a boolean, triples, or an error.
import { QueryEngine } from "@comunica/query-sparql";

const engine = new QueryEngine();

async function answer({ query, sources }) {
  const typed = sources.map((value) => (value.endsWith("/sparql") ? { type: "sparql", value } : value));
  const result = await engine.query(query, { sources: typed });
  if (result.resultType === "boolean") return await result.execute();
  const items = await (await result.execute()).toArray();
  if (result.resultType === "quads") return items.map((quad) => [quad.subject.value, quad.predicate.value, quad.object.value]);
  return items.map((row) => Object.fromEntries([...row].map(([variable, term]) => [variable.value, term.value])));
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = {};
for (const [name, asked] of Object.entries(JSON.parse(text))) {
  answers[name] = await answer(asked).catch((error) => ({ error: error.message }));
}
process.stdout.write(JSON.stringify(answers));
