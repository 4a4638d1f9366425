// Asking the endpoint. It takes the place of YASQE's own way, which forgets the status and the reason of a refusal
// and takes an answer of any size.

const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST_ADDRESS = 4000;
const GRAPH_FORMS = new Set(["CONSTRUCT", "DESCRIBE"]);

/** Why there is no answer: what happened, what helps, and the status where the endpoint gave one. */
export class Refused extends Error {
  constructor(message, { remedy = "", status = 0 } = {}) {
    super(message);
    Object.assign(this, { remedy, status });
  }
}

export function queryWith(Yasqe, settings) {
  Yasqe.prototype.query = async function () {
    this.abortQuery();
    const started = performance.now();
    const stop = new AbortController();
    const request = requestFor(settings, this.getValue(), this.getQueryType(), stop.signal);
    this.emit("query", request, stop);
    let response;
    try {
      response = await ask(request, stop);
    } catch (error) {
      if (stop.signal.aborted && !(error instanceof Refused)) return undefined;
      response = error;
    }
    this.emit("queryResponse", response, Math.max(1, Math.round(performance.now() - started)));
    return response;
  };
}

function requestFor(settings, query, form, signal) {
  const asked = new URLSearchParams([["query", query], ...settings.graphs]);
  const headers = { Accept: GRAPH_FORMS.has(form) ? "text/turtle" : "application/sparql-results+json" };
  const address = `${settings.endpoint}?${asked}`;
  return address.length <= LONGEST_ADDRESS
    ? new Request(address, { headers, signal })
    : new Request(settings.endpoint, { method: "POST", headers, body: asked, signal });
}

async function ask(request, stop) {
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    if (stop.signal.aborted) throw error;
    throw new Refused("The endpoint could not be reached.", { remedy: "Check the connection and try again" });
  }
  if (!answer.ok) throw await refusal(answer);
  return {
    ok: true,
    status: answer.status,
    statusText: answer.statusText,
    headers: answer.headers,
    type: answer.type,
    content: await read(answer, stop),
  };
}

/** The reason in the endpoint's own words, which come as a problem document. */
async function refusal(answer) {
  const text = await answer.text();
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    problem = { title: text.slice(0, 2000) };
  }
  const message = problem.title || answer.statusText || `The endpoint answered ${answer.status}`;
  const remedy = (problem.detail || "").startsWith(message) ? problem.detail.slice(message.length).replace(/^[.\s]+/, "") : "";
  const wait = answer.headers.get("retry-after");
  return new Refused(message, {
    remedy: remedy || (wait ? `Try again in ${wait} seconds` : ""),
    status: answer.status,
  });
}

/** The whole answer as text. One that ends early is no answer: the endpoint breaks off what it had to cut. */
async function read(answer, stop) {
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    let step;
    try {
      step = await reader.read();
    } catch (error) {
      if (stop.signal.aborted) throw error;
      throw new Refused(
        `The answer was cut after ${Math.round(size / 1000).toLocaleString("en")} kB, so none of it is shown.`,
        { remedy: "It took too long or grew too large: add a LIMIT, or ask for less", status: answer.status },
      );
    }
    if (step.done) return parts.join("") + decoder.decode();
    size += step.value.length;
    if (size > MOST_BYTES) {
      const refused = new Refused(`The answer is larger than the ${MOST_BYTES / 2 ** 20} MB that this page can show.`, {
        remedy: "Add a LIMIT, or fetch it with a program: see below the answer",
      });
      await reader.cancel();
      throw refused;
    }
    parts.push(decoder.decode(step.value, { stream: true }));
  }
}
