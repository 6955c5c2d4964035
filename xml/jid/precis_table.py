#!/usr/bin/python3
# precis_table.py - writes precis_table.h, the character classes of RFC 8264 as ranges
# SPDX-License-Identifier: MIT
#
# Usage: precis_table.py > precis_table.h
# The classes follow from the Unicode version of the Python that runs this; Debian 12's
# agrees with its libunistring (Unicode 14).
import sys
import unicodedata

EXCEPTIONS = {}
for code in (0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007):
    EXCEPTIONS[code] = 'VALID'
for code in (0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, *range(0x660, 0x66A), *range(0x6F0, 0x6FA)):
    EXCEPTIONS[code] = 'CONTEXT'
for code in (0x640, 0x7FA, 0x302E, 0x302F, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303B):
    EXCEPTIONS[code] = 'DISALLOWED'

# Default_Ignorable_Code_Point, which Python does not know (DerivedCoreProperties.txt).
IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)
# Hangul_Syllable_Type L, V and T (HangulSyllableType.txt).
OLD_JAMO = ((0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB))

LETTER_DIGITS = {'Ll', 'Lu', 'Lo', 'Nd', 'Lm', 'Mn', 'Mc'}
FREE = {'Lt', 'Nl', 'No', 'Me', 'Zs', 'Sm', 'Sc', 'Sk', 'So',
        'Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po'}


def within(code, ranges):
    return any(first <= code <= last for first, last in ranges)


def is_noncharacter(code):
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def precis_class(code):
    """RFC 8264, section 8, in its order."""
    char = chr(code)
    category = unicodedata.category(char)
    if code in EXCEPTIONS:
        return EXCEPTIONS[code]
    if category == 'Cn' and not is_noncharacter(code):
        return 'DISALLOWED'
    if 0x21 <= code <= 0x7E:
        return 'VALID'
    if code in (0x200C, 0x200D):
        return 'CONTEXT'
    if within(code, OLD_JAMO) or within(code, IGNORABLE) or is_noncharacter(code):
        return 'DISALLOWED'
    if category in ('Cc', 'Cs', 'Co', 'Cf'):
        return 'DISALLOWED'
    if unicodedata.normalize('NFKC', char) != char:
        return 'FREE'
    if category in LETTER_DIGITS:
        return 'VALID'
    return 'FREE' if category in FREE else 'DISALLOWED'


def ranges():
    previous = None
    for code in range(0x110000):
        found = precis_class(code)
        if found != previous:
            yield code, found
            previous = found


def main():
    print('/* precis_table.h - where the classes of RFC 8264 change; made by precis_table.py')
    print(' * SPDX-License-Identifier: MIT')
    print(' *')
    print(f' * Unicode {unicodedata.unidata_version}.  Each entry is first << 2 | class. */')
    print('#ifndef PRECIS_TABLE_H\n#define PRECIS_TABLE_H\n\n#include <stdint.h>\n')
    print('enum precis_class { DISALLOWED, VALID, FREE, CONTEXT };\n')
    print('static const uint32_t precis_ranges[] = {')
    codes = {'DISALLOWED': 0, 'VALID': 1, 'FREE': 2, 'CONTEXT': 3}
    entries = [f'0x{first << 2 | codes[found]:X},' for first, found in ranges()]
    for at in range(0, len(entries), 9):
        print('\t' + ' '.join(entries[at:at + 9]))
    print('};\n\n#endif')


if __name__ == '__main__':
    sys.exit(main())
