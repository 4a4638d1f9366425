// Links in answers: what this service holds is opened here, wherever the service is reached, and shown by its path.

/** The prefixes under which YASR shortens the IRIs that are served here; localise makes paths of them. */
export function localPrefixes({ local }) {
  return Object.fromEntries(local.filter(([, , path]) => !path.endsWith("#")).map(([namespace, , path]) => [path, namespace]));
}

export function localise(place, { local }) {
  const change = (link) => {
    const iri = link.getAttribute("href");
    const held = local.find(([namespace]) => iri.startsWith(namespace));
    if (!held || link.hasAttribute("title")) return;
    const [namespace, address, path] = held;
    const rest = iri.slice(namespace.length);
    link.setAttribute("title", iri);
    link.setAttribute("href", address + rest);
    if (link.textContent === `${path}:${rest}`) link.textContent = path + rest;
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node.querySelectorAll) node.querySelectorAll("a.iri").forEach(change);
    }
  }).observe(place, { childList: true, subtree: true });
}
