# runner - plays conversations from *.scenario files against a real server
# SPDX-License-Identifier: MIT
