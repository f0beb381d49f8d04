// What every page does where scripts run: nothing that it could not do without them.

document.documentElement.classList.add("scripts");
const toasts = document.querySelector(".toasts");

// A sentence that is read out and goes by itself; `action` is {label, run}.
export function toast(sentence, action) {
  const shown = document.createElement("p");
  shown.className = "toast";
  shown.append(sentence);
  if (action) {
    const button = document.createElement("button");
    button.className = "link";
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => (shown.remove(), action.run()));
    shown.append(button);
  }
  toasts.append(shown);
  leave(shown, action ? 8000 : 5000);
}

function leave(shown, after) {
  setTimeout(() => (shown.matches(":hover, :focus-within") ? leave(shown, 1000) : shown.remove()), after);
}

for (const shown of toasts.children) leave(shown, 6000);

// Times in the reader's own zone and words; inside `root`, for what comes later.
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export function localTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const today = at.toDateString() === new Date().toDateString();
    const short = today ? CLOCK.format(at) : DAY.format(at);
    time.textContent = time.hasAttribute("data-day") ? DAY.format(at) : time.hasAttribute("data-short") ? short : FULL.format(at);
    time.title = FULL.format(at);
  }
}

localTimes();

// Menus close when one clicks elsewhere, and with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// `data-dialog="id"`: instead of following the link, opens that dialog.
// `data-copy="id"`: copies what stands there, or its `data-text`.
document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog).showModal();
    return;
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) closer.closest("dialog").close();
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const from = document.getElementById(copier.dataset.copy);
    try {
      await navigator.clipboard.writeText(from.dataset.text ?? from.value ?? from.textContent);
      toast("Copied.");
    } catch {
      toast("Your browser did not let this page copy. Select the text instead.");
    }
  }
});

// One press, one request: a form that is being sent takes no second press.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.matches("[action='/logout']")) sessionStorage.clear(); // drafts are the person's own
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  else form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

if (location.pathname === "/goodbye") sessionStorage.clear();
