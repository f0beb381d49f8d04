// The one place where HTML enters a page: it was written and cleaned by this server
// (api/pages/prose.py), and the page's policy lets no other in.

const policy = globalThis.trustedTypes?.createPolicy("rendered", { createHTML: (html) => html });

export function nodes(html) {
  const holder = document.createElement("template");
  holder.innerHTML = policy ? policy.createHTML(html) : html;
  return holder.content;
}
