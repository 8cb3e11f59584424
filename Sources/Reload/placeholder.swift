// module Reload
