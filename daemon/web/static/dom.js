// Elements from a tag, attributes and children. Text is always text: nothing here parses HTML.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function tell(text, bad = false) {
  const line = el("p", bad ? { class: "bad" } : {}, text);
  const told = document.getElementById("told");
  told.append(line);
  while (told.children.length > 3) told.firstChild.remove();
  setTimeout(() => line.remove(), bad ? 7000 : 3500);
}
