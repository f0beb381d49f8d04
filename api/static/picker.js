// Where a page goes in Notion: places are found while one types. The combobox of the ARIA Authoring
// Practices. What is typed and not picked counts as a title, an address or an id.

let count = 0;

// Makes comboboxes of the pickers inside; `chosen` is called when one is picked.
export function enhance(root, chosen = () => {}) {
  for (const picker of root.querySelectorAll("[data-picker]")) new Picker(picker, chosen);
}

class Picker {
  constructor(picker, chosen) {
    this.chosen = chosen;
    this.field = picker.querySelector("[name=destination]");
    this.place = picker.querySelector("[name=place]");
    this.turn = 0;
    this.timer = 0;
    this.active = -1;
    this.list = document.createElement("ul");
    this.list.id = `places-${++count}`;
    this.list.className = "found";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Places in Notion");
    this.list.hidden = true;
    picker.append(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    })) this.field.setAttribute(name, value);
    this.field.addEventListener("focus", () => this.find());
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("blur", () => setTimeout(() => this.open(false), 120));
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.choose(event.target.closest("[role=option]"));
    });
  }

  open(is) {
    this.list.hidden = !is;
    this.field.setAttribute("aria-expanded", String(is));
    if (!is) this.mark(-1);
  }

  mark(number) {
    this.active = number;
    [...this.list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === number)));
    if (number < 0) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", this.list.children[number].id);
    this.list.children[number].scrollIntoView({ block: "nearest" });
  }

  typed() {
    this.place.value = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.find(), 180);
  }

  async find() {
    const turn = ++this.turn;
    const words = encodeURIComponent(this.field.value.trim().slice(0, 200));
    try {
      const response = await fetch(`/notion/destinations?q=${words}`);
      const given = await response.json();
      if (turn !== this.turn || document.activeElement !== this.field) return;
      if (!response.ok) this.show([this.line(given.detail)]);
      else if (given.items.length) this.show(given.items.map((each) => this.option(each)));
      else this.show([this.line("No such page. Its title, address or id may be typed all the same.")]);
    } catch {
      if (turn === this.turn) this.open(false);
    }
  }

  show(lines) {
    lines.forEach((each, at) => (each.id = `${this.list.id}-${at}`));
    this.list.replaceChildren(...lines);
    this.open(true);
  }

  line(sentence) {
    const line = document.createElement("li");
    line.className = "none fine";
    line.setAttribute("role", "option");
    line.setAttribute("aria-disabled", "true");
    line.textContent = sentence;
    return line;
  }

  option({ id, kind, title }) {
    const line = document.createElement("li");
    line.setAttribute("role", "option");
    line.dataset.id = id;
    line.dataset.title = title;
    const said = document.createElement("span");
    said.className = "fine";
    said.textContent = kind === "page" ? "Page" : "Data source";
    line.append(title || "Untitled", said);
    return line;
  }

  choose(line) {
    if (!line?.dataset.id) return;
    this.field.value = line.dataset.title;
    this.place.value = line.dataset.id;
    this.open(false);
    this.chosen();
  }

  pressed(event) {
    const shown = this.list.hidden ? 0 : this.list.querySelectorAll("[data-id]").length;
    if (event.key === "Escape" && !this.list.hidden) this.open(false);
    else if (event.key === "Enter" && this.active >= 0) this.choose(this.list.children[this.active]);
    else if (event.key === "ArrowDown" && shown) this.mark((this.active + 1) % shown);
    else if (event.key === "ArrowUp" && shown) this.mark((Math.max(this.active, 0) + shown - 1) % shown);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
