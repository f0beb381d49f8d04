// Writing: the form is sent without leaving the page, keeps its draft, and finds places in Notion.
import { follow, forget, resume, send, tell, untell } from "./answer.js";

const form = document.getElementById("composer");
const prompt = form.elements.prompt;
const go = form.querySelector(".go");
const DRAFT = `draft ${document.body.dataset.viewer}`;

// ── The draft ──────────────────────────────────────────────────────────────────────────────────

const kept = sessionStorage.getItem(DRAFT);
if (kept && !prompt.value) prompt.value = kept;
prompt.addEventListener("input", () => sessionStorage.setItem(DRAFT, prompt.value));

prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

for (const link of document.querySelectorAll("[data-try]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    prompt.value = link.textContent;
    sessionStorage.setItem(DRAFT, prompt.value);
    prompt.focus();
  });
}

// ── Writing ────────────────────────────────────────────────────────────────────────────────────

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (go.disabled) return;
  if (!prompt.value.trim()) {
    tell("Say first what is to be written.");
    prompt.focus();
    return;
  }
  go.disabled = true;
  untell();
  try {
    const { id } = await send(form.action, new FormData(form));
    form.elements.key.value = crypto.randomUUID();
    document.getElementById("first")?.remove();
    document.getElementById("recent")?.remove();
    follow(id);
  } catch (error) {
    tell(error.message);
    prompt.focus();
  } finally {
    go.disabled = false;
  }
});

if (new URLSearchParams(location.search).has("prompt")) forget();
else resume();

// ── Where it goes: the combobox of the ARIA Authoring Practices ───────────────────────────────

const picker = form.querySelector("[data-picker]");
const field = picker.querySelector("#destination");
const place = form.elements.place;
const list = document.createElement("ul");
list.id = "places";
list.className = "found";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Places in Notion");
list.hidden = true;
picker.append(list);
for (const [name, value] of Object.entries({
  role: "combobox",
  "aria-autocomplete": "list",
  "aria-expanded": "false",
  "aria-controls": list.id,
})) field.setAttribute(name, value);

let timer = 0;
let asked = 0;
let active = -1;

function open(is) {
  list.hidden = !is;
  field.setAttribute("aria-expanded", String(is));
  if (!is) mark(-1);
}

function mark(number) {
  active = number;
  [...list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === number)));
  if (number < 0) field.removeAttribute("aria-activedescendant");
  else {
    field.setAttribute("aria-activedescendant", list.children[number].id);
    list.children[number].scrollIntoView({ block: "nearest" });
  }
}

function say(sentence) {
  const line = document.createElement("li");
  line.className = "none fine";
  line.setAttribute("role", "option");
  line.setAttribute("aria-disabled", "true");
  line.id = "place-none";
  line.textContent = sentence;
  list.replaceChildren(line);
  open(true);
}

async function find() {
  const turn = ++asked;
  try {
    const response = await fetch(`/notion/destinations?q=${encodeURIComponent(field.value.trim().slice(0, 200))}`);
    const given = await response.json();
    if (turn !== asked || document.activeElement !== field) return;
    if (!response.ok) return say(given.detail);
    if (!given.items.length) return say("No such page. Its title, address or id may be typed all the same.");
    list.replaceChildren(...given.items.map((each, at) => {
      const line = document.createElement("li");
      line.id = `place-${at}`;
      line.setAttribute("role", "option");
      line.dataset.id = each.id;
      line.dataset.title = each.title;
      const kind = document.createElement("span");
      kind.className = "fine";
      kind.textContent = each.kind === "page" ? "Page" : "Data source";
      line.append(each.title || "Untitled", kind);
      return line;
    }));
    open(true);
  } catch {
    if (turn === asked) open(false);
  }
}

function choose(line) {
  if (!line?.dataset.id) return;
  field.value = line.dataset.title;
  place.value = line.dataset.id;
  form.elements.save.checked = true;
  open(false);
}

field.addEventListener("focus", find);
field.addEventListener("input", () => {
  place.value = "";
  clearTimeout(timer);
  timer = setTimeout(find, 180);
});
field.addEventListener("blur", () => setTimeout(() => open(false), 120));
field.addEventListener("keydown", (event) => {
  const count = list.hidden ? 0 : list.querySelectorAll("[data-id]").length;
  if (event.key === "Escape" && !list.hidden) open(false);
  else if (event.key === "Enter" && active >= 0) choose(list.children[active]);
  else if (event.key === "ArrowDown" && count) mark((active + 1) % count);
  else if (event.key === "ArrowUp" && count) mark((active + count - 1) % count);
  else return;
  event.preventDefault();
});
list.addEventListener("mousedown", (event) => {
  event.preventDefault();
  choose(event.target.closest("[role=option]"));
});
