// Builds elements. Text only ever becomes a text node, so nothing a stranger wrote is markup.

// These mean something else, or nothing, as attributes.
const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "indeterminate"]);

/**
 * An element. `class` and attributes as in HTML, `data` for data-…, `onclick` and the like for
 * listeners; null, undefined and false are left out, among the children too.
 */
export function h(name, properties = {}, ...children) {
  const made = document.createElement(name);
  made.append(...present(children));
  // After the children: a select has no value before it has options.
  for (const [key, value] of Object.entries(properties)) set(made, key, value);
  return made;
}

/** The nodes among nested lists of nodes, strings and nothings. */
function present(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false);
}

/** A new id, for labels and descriptions. */
export function newId() {
  newId.last = (newId.last ?? 0) + 1;
  return `id-${newId.last}`;
}

function set(element, key, value) {
  if (value === null || value === undefined) return;
  if (key === "data") Object.assign(element.dataset, value);
  else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (AS_PROPERTY.has(key)) element[key] = value;
  else if (value !== false) element.setAttribute(key, value === true ? "" : value);
}
