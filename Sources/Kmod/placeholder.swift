// module Kmod
