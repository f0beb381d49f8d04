// Writing: the form is sent without leaving the page, keeps its draft, and finds places in Notion.
import { follow, forget, resume, send, tell, untell } from "./answer.js";
import { enhance } from "./picker.js";

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

enhance(form, () => (form.elements.save.checked = true));
