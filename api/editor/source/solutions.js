// What the chart and the picture know of an answer: columns, numbers, names.

const NUMBERS = /#(integer|decimal|double|float|int|long|short|byte|nonNegativeInteger|positiveInteger|unsigned\w+)$/;

/** The number that a value is, or null. */
export function numberOf(value) {
  if (!value || !NUMBERS.test(value.datatype ?? "")) return null;
  const number = Number(value.value);
  return Number.isFinite(number) ? number : null;
}

/** Columns all of whose values are numbers, and the others. */
export function columns(results) {
  const bindings = results?.getBindings() ?? [];
  const names = results?.getVariables() ?? [];
  const numeric = names.filter((name) => {
    const values = bindings.map((row) => row[name]).filter(Boolean);
    return values.length > 0 && values.every((value) => numberOf(value) !== null);
  });
  return { numeric, other: names.filter((name) => !numeric.includes(name)) };
}

/** The column that names a thing best: text before IRIs. */
export function namingColumn(results, others) {
  const rows = results.getBindings();
  return others.find((name) => rows.some((row) => row[name] && row[name].type !== "uri")) ?? others[0];
}

/** A value for people: the last part of an IRI, or the text. */
export function nameOf(value) {
  if (!value) return "";
  if (value.type !== "uri") return value.value;
  const parts = value.value.replace(/[/#]+$/, "").split(/[/#]/);
  const last = parts.pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

export function isGraph(results) {
  return results?.getType() === "ttl";
}

/** An SVG as a file. */
export function asFile(svg, filename) {
  return svg && {
    contentType: "image/svg+xml",
    getData: () => new XMLSerializer().serializeToString(svg),
    filename: `${filename || "answer"}.svg`,
    title: "Download the drawing",
  };
}
