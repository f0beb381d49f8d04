// Pages of sections: a form with `data-swap` is sent without leaving the page, and its section put in
// anew; a link with `data-ask` asks in a dialog. Without this both are pages of their own.
import { nodes } from "./html.js";
import { localTimes, toast } from "./page.js";

async function get(address, sent) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, ...sent });
  const type = response.headers.get("Content-Type") ?? "";
  if (response.redirected && new URL(response.url).pathname === "/login") {
    location.assign(response.url);
    return null;
  }
  if (!type.startsWith("text/html")) throw new Error("not a page");
  return nodes(await response.text());
}

// Puts a piece of another page, by its id, in the place of this one's; what is told is told.
export function put(page, id, drawn = () => {}) {
  const fresh = page.getElementById(id);
  const here = document.getElementById(id);
  if (!fresh) throw new Error("not there");
  localTimes(fresh);
  here.replaceWith(fresh);
  drawn(fresh);
  for (const told of page.querySelectorAll(".toasts > .toast")) toast(told.textContent.trim());
  const bad = fresh.querySelector("[aria-invalid=true], [role=alert]");
  if (bad?.matches("input")) bad.focus();
  else fresh.focus({ preventScroll: !bad });
}

export async function load(address, id, drawn) {
  const page = await get(address);
  if (page) put(page, id, drawn);
}

export function swapping(drawn = () => {}) {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-swap]");
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const given = new FormData(form);
    if (event.submitter?.name) given.append(event.submitter.name, event.submitter.value);
    try {
      const page = await get(form.action, { method: "POST", body: new URLSearchParams(given) });
      if (page) put(page, form.closest("section[id]").id, drawn);
    } catch {
      form.removeAttribute("aria-busy");
      toast("The server cannot be reached, or did not understand. Try again in a moment.");
    }
  });
}

let dialog = null;

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-ask]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const page = await get(link.href);
    const asked = page?.getElementById("sure");
    if (!asked) throw new Error("nothing to ask");
    asked.className = "sure";
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.setAttribute("aria-labelledby", "sure-title");
      document.body.append(dialog);
    }
    asked.querySelector("[data-close]").addEventListener("click", (closing) => closing.preventDefault());
    dialog.replaceChildren(asked);
    dialog.showModal();
    dialog.addEventListener("close", () => link.focus(), { once: true });
  } catch {
    location.assign(link.href);
  }
});
