// module Inspection
