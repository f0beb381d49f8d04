// Settings: says how strong a new password is while it is typed.
import { swapping } from "./sections.js";

swapping();

let timer = 0;
let turn = 0;

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.id !== "new_password") return;
  clearTimeout(timer);
  const mine = ++turn;
  timer = setTimeout(async () => {
    if (field.value.length < 8) return say(field, "At least 8 characters. A few words are better than one.", false);
    try {
      const body = new URLSearchParams({ new_password: field.value });
      const response = await fetch("/settings/password/strength", { method: "POST", body });
      const { ok, text } = await response.json();
      if (mine === turn && response.ok) say(field, text, !ok);
    } catch {
      // It is said once it is sent.
    }
  }, 300);
});

function say(field, text, bad) {
  const hint = document.getElementById(`${field.id}-hint`);
  hint.setAttribute("aria-live", "polite");
  hint.classList.toggle("bad", bad);
  hint.textContent = text;
}
