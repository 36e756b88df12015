// The head of a CSV file, read in the browser, so that its columns can be chosen before it goes up.

const HEAD_BYTES = 64 * 1024;
const ROWS = 3;
const MOST_BYTES = 200_000_000;

/**
 * {columns, rows, problem}: what the header names and the first rows hold. `problem` says why
 * it is of no use: empty, tooLarge, workbook or encoding.
 */
export async function peek(file, encoding = "auto") {
  if (file.size > MOST_BYTES) return nothing("tooLarge");
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (isWorkbook(bytes)) return nothing("workbook");
  const text = decoded(bytes, encoding);
  if (text === null) return nothing("encoding");
  const [columns, ...rows] = lines(text, ROWS + 1);
  if (!columns) return nothing("empty");
  return { columns: columns.map((name) => name.trim()), rows, problem: null };
}

function nothing(problem) {
  return { columns: [], rows: [], problem };
}

/** An .xlsx is a zip archive, an .xls a compound file. */
function isWorkbook([first, second]) {
  return (first === 0x50 && second === 0x4b) || (first === 0xd0 && second === 0xcf);
}

function decoded(bytes, encoding) {
  const tried = encoding === "auto" ? ["utf-8", "gb18030"] : [encoding];
  for (const name of tried) {
    try {
      // As a stream: the last character may be cut in two.
      return new TextDecoder(name, { fatal: true }).decode(bytes, { stream: true });
    } catch {
      // Not this one.
    }
  }
  return null;
}

/** The first lines' fields (RFC 4180): a field in quotes may hold commas, breaks and quotes. */
function lines(text, most) {
  const found = [];
  let [fields, field, quoted] = [[], "", false];
  const endLine = () => {
    fields.push(field);
    if (fields.some((each) => each.trim())) found.push(fields);
    [fields, field] = [[], ""];
  };
  for (let place = 0; place < text.length && found.length < most; place += 1) {
    const letter = text[place];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[place + 1] === '"') field += text[(place += 1)];
      else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (letter === ",") {
      fields.push(field);
      field = "";
    } else if (letter === "\n") endLine();
    else if (letter !== "\r") field += letter;
  }
  if (found.length < most) endLine();
  return found;
}
