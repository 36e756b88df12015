"""What can be wrong with an audience's file as a whole, and how that is said."""

from dataclasses import dataclass

from signet.campaigns import MAX_ROWS

MAX_BYTES = 200_000_000

# Key -> what is said of a file that cannot be used, in Chinese and in English.
PROBLEMS = {
    "empty": ("文件是空的。", "The file is empty."),
    "too_large": (
        f"文件超过 {MAX_BYTES // 1_000_000} MB。",
        f"The file is larger than {MAX_BYTES // 1_000_000} MB.",
    ),
    "utf16": (
        "文件是 UTF-16 编码，请另存为 UTF-8 或 GBK 的 CSV。",
        "The file is UTF-16: save it as CSV in UTF-8 or GBK.",
    ),
    "no_csv": (
        "这是 Excel 工作簿或压缩文件，请另存为 CSV。",
        "This is a workbook or an archive: save it as CSV.",
    ),
    "binary": ("这不是文本文件。", "This is not a text file."),
    "encoding": (
        "文件不是有效的 UTF-8 或 GBK 文本，或与所选编码不符。",
        "The file is not valid text in UTF-8 or GBK, or not in the encoding that was named.",
    ),
    "quotes": (
        "引号不成对，或引号之后还有内容。",
        "A quoted cell does not end, or something stands behind its end.",
    ),
    "long_line": ("这一行太长。", "This line is too long."),
    "many_columns": ("列太多。", "There are too many columns."),
    "no_header": (
        "第一行应当是列名，而不是号码。",
        "The first line must name the columns; it holds a number.",
    ),
    "no_rows": ("除表头外没有数据。", "There is nothing below the header."),
    "no_phone_column": (
        "找不到手机号所在的列，请指定列名。",
        "There is no column of numbers: name it.",
    ),
    "many_phone_columns": (
        "有多列可能是手机号，请指定用哪一列。",
        "More than one column may be that of the numbers: name it.",
    ),
    "unknown_column": (
        "表头中没有指定的列，或有多列同名。",
        "A column that was named is not in the header, or is there twice.",
    ),
    "many_rows": (
        f"超过 {MAX_ROWS} 行。",
        f"There are more than {MAX_ROWS} rows.",
    ),
    "nothing_valid": ("没有一行可以发送。", "Not one of the rows can be sent to."),
    "replaced": (
        "文件在读取过程中被替换或删除，请重新读取。",
        "The file was replaced or deleted while it was read: have it read again.",
    ),
    "time": (
        "未能在时限内读完，请拆分文件。",
        "It could not be read in the time there is: split the file.",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file cannot be used: a key of PROBLEMS, and the line that shows it."""

    key: str
    line: int | None = None

    def text(self, language: str) -> str:
        """The sentence, in `language` ("zh" or "en")."""
        chinese, english = PROBLEMS[self.key]
        if self.line is None:
            return chinese if language == "zh" else english
        return (
            f"第 {self.line} 行：{chinese}" if language == "zh" else f"Line {self.line}: {english}"
        )
