from steer.render.lines import Line, LineBlock
from steer.render.rows import RowList, copied, cut


def texts(block: LineBlock) -> list[str]:
    return [block.row(index).text for index in range(block.row_count)]


def test_rows_of_lines() -> None:
    block = LineBlock(12)
    block.append(Line("one two three four", ((4, 7, "kw"),), lead="- ", hang="  "))
    block.append(Line("short"))
    assert texts(block) == ["- one two", "  three four", "short"]
    first, second, third = (block.row(index) for index in range(3))
    assert first.spans == ((0, 2, "dim"), (6, 9, "kw"))
    assert (second.line, third.line) == (0, 1)
    assert copied([first, second, third]) == "one two three four\nshort"


def test_an_open_line_grows() -> None:
    block = LineBlock(6)
    block.append(Line("done"))
    assert block.append(Line("ab")) == 1
    assert block.replace_last(Line("ab cd ef gh")) == 1
    assert block.replace_last(Line("ab cd ef gh ij")) >= 2
    assert texts(block) == ["done", "ab cd", "ef gh", "ij"]
    block.append(Line("next"))
    assert texts(block)[-1] == "next"
    assert block.locate(block.row(3)) == 1


def test_another_width_gives_the_same_text() -> None:
    block = LineBlock(80)
    for number in range(20):
        block.append(Line(f"line {number} " + "word " * number))
    before = copied(block.row(index) for index in range(block.row_count)).replace("  ", " ")
    block.set_width(9)
    assert block.row_count > 20
    assert copied(block.row(index) for index in range(block.row_count)).replace("  ", " ").split() == before.split()


def test_a_hang_wider_than_half_is_left_out() -> None:
    block = LineBlock(8)
    block.append(Line("abc def ghi", hang=" " * 6))
    assert texts(block) == ["abc def", "ghi"]


def test_find_gives_the_row_where_a_match_begins() -> None:
    block = LineBlock(10)
    block.append(Line("alpha beta GAMMA delta"))
    assert block.find("gamma") == [1]
    assert block.find("nothing") == []


def test_keep_last_forgets_the_beginning() -> None:
    block = LineBlock(10)
    for number in range(5):
        block.append(Line(str(number)))
    block.keep_last(2)
    assert texts(block) == ["3", "4"]


def test_cut_moves_and_clips_spans() -> None:
    assert cut(((0, 4, "kw"), (6, 9, "str")), 2, 7, 1) == ((1, 3, "kw"), (5, 6, "str"))


def test_a_row_list_locates_by_line() -> None:
    block = LineBlock(10)
    block.append(Line("a"))
    block.append(Line("b"))
    rows = RowList(block.row(index) for index in range(2))
    assert rows.locate(block.row(1)) == 1
