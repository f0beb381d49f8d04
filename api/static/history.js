// History: the list is searched while one types, and goes on by itself at its end.
import { nodes } from "./html.js";
import { localTimes } from "./page.js";

const form = document.getElementById("finder");
const found = document.getElementById("found");
let turn = 0;

async function load(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) throw new Error("not there");
  return nodes(await response.text()).querySelector("#found");
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) more(entry.target);
}, { rootMargin: "600px" });

function watch() {
  const link = found.querySelector(".more a");
  if (link) watcher.observe(link);
}

async function more(link) {
  watcher.unobserve(link);
  const mine = turn;
  try {
    const next = await load(link.href);
    if (mine !== turn) return;
    localTimes(next);
    found.querySelector(".items").append(...next.querySelectorAll(".items > li"));
    const after = next.querySelector(".more");
    if (after) link.closest(".more").replaceWith(after);
    else link.closest(".more").remove();
    watch();
  } catch {
    link.textContent = "More"; // pressing it still goes there
  }
}

let timer = 0;
async function search() {
  const mine = ++turn;
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const address = query.size ? `${form.getAttribute("action")}?${query}` : form.getAttribute("action");
  try {
    const next = await load(address);
    if (mine !== turn) return;
    localTimes(next);
    found.replaceChildren(...next.childNodes);
    history.replaceState(null, "", address);
    watch();
  } catch {
    if (mine === turn) location.assign(address);
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 220);
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search();
});
watch();
