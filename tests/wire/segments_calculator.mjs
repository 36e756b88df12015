// What Twilio's calculator makes of each text: the text of every segment.
// stdin: a JSON list of texts; stdout: for each one, a list.
import { readFileSync } from "node:fs";
import calculator from "sms-segments-calculator";

const { SegmentedMessage } = calculator;

// A segment holds the bytes of its header, too; only characters have a `raw`.
const shown = (segment) => Array.from(segment, ({ raw = "" }) => raw).join("");

const texts = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => new SegmentedMessage(text).segments.map(shown))));
