// Many rows at once, from a text or a file. Lines that the server refuses are listed, each with the way to it.
import { request } from "./api.js";
import { h, replace } from "./dom.js";
import { form } from "./form.js";
import { icon } from "./icons.js";
import { fault_text, t } from "./i18n.js";
import { dialog, failed, notice, toast } from "./ui.js";

// Spreadsheets save tables in UTF-8 or in the code of Windows.
function text_of(bytes) {
  try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return new TextDecoder("windows-1252").decode(bytes); }
}

// import_table({title, text, example, path}, refresh): `path` of the API takes the lines.
export function import_table({ title, text, example, path }, refresh) {
  dialog(title, (close) => {
    const told = h("div");
    const area = () => made.field("lines").input;

    function mark(line) {
      const lines = area().value.split("\n");
      const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area().focus();
      area().setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
      const height = parseFloat(getComputedStyle(area()).lineHeight) || 20;
      area().scrollTop = Math.max(0, (line - 3) * height);
    }

    function tell(faults) {
      replace(told, notice("bad", h("p", t("import.faults")), h("ul", { class: "line-faults" }, faults.map(({ line, message }) =>
        h("li", h("button", { type: "button", class: "link", onclick: () => mark(line) }, t("import.line", { line })), ` ${fault_text(message)}`)))));
      told.scrollIntoView({ block: "nearest" });
    }

    const made = form({
      fields: [
        h("p", { class: "quiet" }, text),
        told,
        { name: "lines", type: "text-area", label: t("import.lines"), rows: 8, required: true, placeholder: example, autofocus: true, oninput: () => replace(told) },
        h("div", h("label", { class: "button" }, icon("upload"), t("import.file"), h("input", { type: "file", class: "hidden-text", accept: ".csv,.txt,text/plain,text/csv", onchange: async (event) => {
          const [file] = event.target.files;
          if (!file) return;
          try { area().value = text_of(await file.arrayBuffer()); } catch (fault) { failed(fault); }
          area().dispatchEvent(new Event("input"));
          event.target.value = "";
        } }))),
      ],
      submit: title, cancel: close,
      onsubmit: async ({ lines }) => {
        let answer;
        try {
          answer = (await request("POST", path, { body: lines, type: "text/plain; charset=utf-8" })).data;
        } catch (fault) {
          const faults = fault.body?.lines ?? (fault.body?.line ? [{ line: fault.body.line, message: fault.message }] : []);
          if (!faults.length) throw Object.assign(fault, { field: undefined });
          tell(faults);
          return;
        }
        close();
        toast(t(answer.restart ? "import.done_restart" : "import.done", answer));
        await refresh();
      },
    });
    area().classList.add("mono", "table-text");
    return made;
  }, { kind: "broad" });
}
