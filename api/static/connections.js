// Connections: places are found while one types, and the doctor's report comes into the page.
import { enhance } from "./picker.js";
import { load, swapping } from "./sections.js";

enhance(document);
swapping((section) => enhance(section));

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-load]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-busy") === "true") return;
  link.setAttribute("aria-busy", "true");
  const report = document.getElementById(link.dataset.load);
  const bones = document.createElement("div");
  bones.className = "skeleton";
  bones.setAttribute("aria-label", "Asking Notion");
  bones.setAttribute("role", "img");
  bones.append(...Array.from({ length: 6 }, () => document.createElement("i")));
  report.replaceChildren(bones);
  try {
    await load("/connections/check", link.dataset.load);
    link.textContent = "Check again";
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
});
